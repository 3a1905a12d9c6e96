output "accounts" {
  description = "By id: the account's full name, its address, and what it is called as a member of a role."
  value       = module.project.accounts
}

output "serving_bucket" {
  description = "The name of the bucket that servers follow, once it is there."
  value       = module.project.serving_bucket
}
