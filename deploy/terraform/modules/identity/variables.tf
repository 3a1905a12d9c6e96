variable "project" {
  description = "The project whose account GitHub's jobs become."
  type        = string
}

variable "account" {
  description = "The account's full name."
  type        = string
}

variable "repository_id" {
  description = "The repository's number on GitHub."
  type        = number
}

variable "condition" {
  description = "What has to be true of a job's token, in Google's expression language."
  type        = string
}
