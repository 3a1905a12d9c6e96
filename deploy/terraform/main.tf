# What docs/ship.md does by hand: a project that trains and serves before production, one for
# production, and, if asked for, one to try things in.

data "github_repository" "this" {
  full_name = var.repository
}

locals {
  # A name can be given to another repository; a number cannot.
  from_main = join(" && ", [
    "assertion.repository_id == '${data.github_repository.this.repo_id}'",
    "assertion.ref == 'refs/heads/main'",
  ])
}

module "training" {
  source         = "./modules/training"
  project        = var.project
  region         = var.region
  bucket         = var.bucket
  serving_bucket = var.serving_bucket
  bigquery       = var.bigquery
}

module "production" {
  source         = "./modules/production"
  project        = var.production_project
  region         = var.region
  bucket         = module.training.bucket
  serving_bucket = var.production_serving_bucket
}

# The server's image is in the first project: for who deploys it, and for Cloud Run, which pulls it.
data "google_project" "production" {
  project_id = var.production_project
}

resource "google_artifact_registry_repository_iam_member" "production" {
  for_each = {
    deployer  = module.production.accounts["production"].member
    cloud_run = "serviceAccount:service-${data.google_project.production.number}@serverless-robot-prod.iam.gserviceaccount.com"
  }
  project    = var.project
  location   = var.region
  repository = module.training.registry
  role       = "roles/artifactregistry.reader"
  member     = each.value
}

module "dev" {
  source         = "./modules/training"
  count          = var.dev_project == null ? 0 : 1
  project        = var.dev_project
  region         = var.region
  bucket         = var.dev_bucket
  serving_bucket = var.dev_serving_bucket
}

resource "google_service_account_iam_member" "developers" {
  for_each           = toset(var.dev_project == null ? [] : var.developers)
  service_account_id = module.dev[0].accounts["deployer"].name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = each.value
}

module "training_identity" {
  source     = "./modules/identity"
  project    = var.project
  condition  = local.from_main
  attributes = {}
  jobs = {
    deployer = {
      account = module.training.accounts["deployer"].name
      which   = "attribute.repository_id/${data.github_repository.this.repo_id}"
    }
  }

  depends_on = [module.training]
}

module "production_identity" {
  source     = "./modules/identity"
  project    = var.production_project
  condition  = "${local.from_main} && assertion.environment in ['production', 'production-watch']"
  attributes = { "attribute.environment" = "assertion.environment" }
  jobs = {
    production = {
      account = module.production.accounts["production"].name
      which   = "attribute.environment/production"
    }
    watcher = {
      account = module.production.accounts["watcher"].name
      which   = "attribute.environment/production-watch"
    }
  }

  depends_on = [module.production]
}
