output "targets" {
  description = "What targets.yaml in the project's root holds; commit it."
  value = yamlencode({
    vertex = {
      project         = var.project
      region          = var.region
      bucket          = "gs://${module.training.bucket}"
      data            = "gs://${module.training.bucket}/data"
      service_account = module.training.accounts["pipeline"].email
    }
  })
}

output "dev_targets" {
  description = "The same for dev_project."
  value = var.dev_project == null ? null : yamlencode({
    vertex = {
      project         = var.dev_project
      region          = var.region
      bucket          = "gs://${module.dev[0].bucket}"
      data            = "gs://${module.dev[0].bucket}/data"
      service_account = module.dev[0].accounts["pipeline"].email
    }
  })
}
