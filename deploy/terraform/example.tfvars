project            = "my-project"
production_project = "my-project-production"
region             = "europe-west4"
bucket             = "my-project-pipeline"
repository         = "owner/repository"
reviewers          = ["my-name-on-github"]

# A place to try things in, from the desk:
# dev_project = "my-dev"
# dev_bucket  = "my-dev-pipeline"
# developers  = ["user:me@example.com"]
