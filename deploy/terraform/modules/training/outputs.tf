output "bucket" {
  description = "The bucket's name, once it is there."
  value       = google_storage_bucket.pipeline.name
}

output "image" {
  description = "The image's name in the registry, without a tag."
  value       = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.pipeline.repository_id}/pipeline"
}

output "account_names" {
  description = "The accounts' full names by their ids."
  value       = { for id, account in google_service_account.this : id => account.name }
}

output "account_emails" {
  description = "The accounts' addresses by their ids."
  value       = { for id, account in google_service_account.this : id => account.email }
}

output "registry" {
  description = "The registry's name."
  value       = google_artifact_registry_repository.pipeline.name
}

output "server_image" {
  description = "The model server's image in the registry, without a tag."
  value       = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.pipeline.repository_id}/model-server"
}

output "serving_bucket" {
  description = "The name of the bucket that servers follow, once it is there."
  value       = google_storage_bucket.serving.name
}
