variable "project" {
  description = "The id of the project that trains, and serves before production. It exists."
  type        = string
}

variable "production_project" {
  description = "The id of the project that serves in production, and does nothing else. It exists."
  type        = string

  validation {
    condition     = var.production_project != var.project
    error_message = "Production is a project of its own, where the deployer of the other has no role."
  }
}

variable "dev_project" {
  description = "The id of a project to try things in, from the desk; none is set up without it."
  type        = string
  default     = null
}

variable "developers" {
  description = "Who may act as dev_project's deployer, such as user:me@example.com."
  type        = list(string)
  default     = []
}

variable "region" {
  description = "Where all of it runs, such as europe-west4."
  type        = string
}

variable "bucket" {
  description = "The name of the bucket for artifacts, code, data and pushed models, without gs://."
  type        = string
}

variable "serving_bucket" {
  description = "The name of the bucket that servers follow before production."
  type        = string
}

variable "production_serving_bucket" {
  description = "The name of the bucket that servers follow in production."
  type        = string
}

variable "dev_bucket" {
  description = "The bucket of dev_project for artifacts, code, data and pushed models."
  type        = string
  default     = null
}

variable "dev_serving_bucket" {
  description = "The bucket of dev_project that servers follow."
  type        = string
  default     = null
}

variable "server_image" {
  description = "The tag or digest of the model server's image in the registry, such as :1."
  type        = string
  default     = ":1"
}

variable "repository" {
  description = "The repository on GitHub, owner/name."
  type        = string

  validation {
    condition     = can(regex("^[^/]+/[^/]+$", var.repository))
    error_message = "Expected owner/name."
  }
}

variable "reviewers" {
  description = "The GitHub users of whom one approves what goes to production."
  type        = list(string)

  validation {
    condition     = length(var.reviewers) > 0
    error_message = "Without anybody to approve, everything goes to production by itself."
  }
}

variable "bigquery" {
  description = "Whether models read BigQuery, in this project or paid for by it."
  type        = bool
  default     = false
}
