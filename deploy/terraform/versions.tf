terraform {
  required_version = ">= 1.5"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.50"
    }
    github = {
      source  = "integrations/github"
      version = "~> 6.7"
    }
  }

  # Where Terraform keeps what it knows: a bucket of its own, named by
  # `terraform init -backend-config=bucket=NAME`.
  backend "gcs" {
    prefix = "pipeline"
  }
}

provider "google" {
  region = var.region
}

provider "github" {
  owner = split("/", var.repository)[0]
}
