# Who a job on GitHub is in a project, without a key: GitHub says of which repository, branch and
# environment the job is.

resource "google_iam_workload_identity_pool" "github" {
  project                   = var.project
  workload_identity_pool_id = "github"
}

resource "google_iam_workload_identity_pool_provider" "repository" {
  project                            = var.project
  workload_identity_pool_id          = google_iam_workload_identity_pool.github.workload_identity_pool_id
  workload_identity_pool_provider_id = "repository"
  attribute_condition                = var.condition

  attribute_mapping = merge({
    "google.subject"          = "assertion.sub"
    "attribute.repository_id" = "assertion.repository_id"
  }, var.attributes)

  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

resource "google_service_account_iam_member" "jobs" {
  for_each           = var.jobs
  service_account_id = each.value.account
  role               = "roles/iam.workloadIdentityUser"
  member             = "principalSet://iam.googleapis.com/${google_iam_workload_identity_pool.github.name}/${each.value.which}"
}
