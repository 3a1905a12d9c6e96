variable "project" {
  description = "The project whose accounts GitHub's jobs become."
  type        = string
}

variable "condition" {
  description = "What has to be true of a job's token, in Google's expression language."
  type        = string
}

variable "attributes" {
  description = "What else is kept of a token, beside the repository's number."
  type        = map(string)
}

variable "jobs" {
  description = "By a name: the account's full name, and which jobs of the pool become it."
  type        = map(object({ account = string, which = string }))
}
