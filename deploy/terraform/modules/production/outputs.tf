output "account_names" {
  description = "The accounts' full names by their ids."
  value       = { for id, account in google_service_account.this : id => account.name }
}

output "account_emails" {
  description = "The accounts' addresses by their ids."
  value       = { for id, account in google_service_account.this : id => account.email }
}
