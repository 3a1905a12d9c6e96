output "account_names" {
  description = "The accounts' full names by their ids."
  value       = { for id, account in google_service_account.this : id => account.name }
}

output "account_emails" {
  description = "The accounts' addresses by their ids."
  value       = { for id, account in google_service_account.this : id => account.email }
}

output "account_members" {
  description = "The accounts as a role's members, by their ids."
  value       = { for id, account in google_service_account.this : id => account.member }
}

output "serving_bucket" {
  description = "The name of the bucket that servers follow, once it is there."
  value       = google_storage_bucket.serving.name
}
