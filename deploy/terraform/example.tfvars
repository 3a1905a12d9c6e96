project                   = "my-project"
production_project        = "my-project-production"
region                    = "europe-west4"
bucket                    = "my-project-pipeline"
serving_bucket            = "my-project-serving"
production_serving_bucket = "my-project-production-serving"
repository                = "owner/repository"
reviewers                 = ["my-name-on-github"]

# Where a model's data.format is bigquery:
# bigquery = true

# A place to try things in, from the desk:
# dev_project = "my-dev"
# dev_bucket  = "my-dev-pipeline"
# dev_serving_bucket = "my-dev-serving"
# developers  = ["user:me@example.com"]
