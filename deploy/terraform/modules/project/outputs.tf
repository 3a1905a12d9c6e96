output "accounts" {
  description = "By id: the account's full name, its address, and what it is called as a member of a role."
  value = {
    for id, account in google_service_account.this :
    id => { name = account.name, email = account.email, member = account.member }
  }
}

output "serving_bucket" {
  description = "The name of the bucket that servers follow, once it is there."
  value       = google_storage_bucket.serving.name
}
