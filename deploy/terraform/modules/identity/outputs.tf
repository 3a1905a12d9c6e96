output "provider" {
  description = "The provider's full name, by the project's number."
  value       = google_iam_workload_identity_pool_provider.repository.name
}
