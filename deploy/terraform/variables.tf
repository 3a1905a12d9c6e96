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

variable "dev_bucket" {
  description = "The same for dev_project."
  type        = string
  default     = null
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
