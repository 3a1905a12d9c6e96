output "bucket" {
  description = "The bucket's name, once it is there."
  value       = google_storage_bucket.pipeline.name
}

output "image" {
  description = "The image's name in the registry, without a tag."
  value       = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.pipeline.repository_id}/pipeline"
}

output "registry" {
  description = "The registry's name."
  value       = google_artifact_registry_repository.pipeline.name
}

output "server_image" {
  description = "The model server's image in the registry, without a tag."
  value       = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.pipeline.repository_id}/model-server"
}

output "accounts" {
  description = "By id: the account's full name, its address, and what it is called as a member of a role."
  value       = module.project.accounts
}

output "serving_bucket" {
  description = "The name of the bucket that servers follow, once it is there."
  value       = module.project.serving_bucket
}
