locals {
  name = split("/", var.repository)[1]

  variables = {
    PROJECT                    = var.project
    REGION                     = var.region
    BUCKET                     = var.bucket
    IMAGE                      = module.training.image
    WORKLOAD_IDENTITY_PROVIDER = module.training_identity.provider
    DEPLOY_SERVICE_ACCOUNT     = module.training.accounts["deployer"].email
    BUILD_SERVICE_ACCOUNT      = module.training.accounts["builder"].email
    SERVING_BUCKET             = module.training.serving_bucket
    SERVING_IMAGE              = "${module.training.server_image}${var.server_image}"
    SERVING_SERVICE_ACCOUNT    = module.training.accounts["server"].email
  }

  production_variables = {
    PROJECT                    = var.production_project
    WORKLOAD_IDENTITY_PROVIDER = module.production_identity.provider
    DEPLOY_SERVICE_ACCOUNT     = module.production.accounts["production"].email
    SERVING_BUCKET             = module.production.serving_bucket
    SERVING_SERVICE_ACCOUNT    = module.production.accounts["production-server"].email
  }

  watch_variables = {
    WORKLOAD_IDENTITY_PROVIDER = module.production_identity.provider
    DEPLOY_SERVICE_ACCOUNT     = module.production.accounts["watcher"].email
    SERVING_BUCKET             = module.production.serving_bucket
  }
}

data "github_user" "reviewers" {
  for_each = toset(var.reviewers)
  username = each.value
}

resource "github_actions_variable" "this" {
  for_each      = local.variables
  repository    = local.name
  variable_name = each.key
  value         = each.value
}

resource "github_repository_environment" "pre_production" {
  repository  = local.name
  environment = "pre-production"
}

resource "github_repository_environment" "production" {
  repository  = local.name
  environment = "production"

  reviewers {
    users = [for one in data.github_user.reviewers : one.id]
  }
}

resource "github_actions_environment_variable" "production" {
  for_each      = local.production_variables
  repository    = local.name
  environment   = github_repository_environment.production.environment
  variable_name = each.key
  value         = each.value
}

# What it watches was approved.
resource "github_repository_environment" "production_watch" {
  repository  = local.name
  environment = "production-watch"
}

resource "github_actions_environment_variable" "production_watch" {
  for_each      = local.watch_variables
  repository    = local.name
  environment   = github_repository_environment.production_watch.environment
  variable_name = each.key
  value         = each.value
}

resource "github_branch_protection" "main" {
  repository_id       = data.github_repository.this.node_id
  pattern             = "main"
  enforce_admins      = true
  allows_deletions    = false
  allows_force_pushes = false

  required_status_checks {
    strict   = true
    contexts = ["All passed"]
  }

  required_pull_request_reviews {
    required_approving_review_count = 1
  }
}
