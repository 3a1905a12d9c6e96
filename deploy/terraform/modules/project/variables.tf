variable "project" {
  description = "The project's id."
  type        = string
}

variable "region" {
  description = "Where the bucket of what is served is."
  type        = string
}

variable "services" {
  description = "What the project uses, such as run.googleapis.com."
  type        = list(string)
}

variable "accounts" {
  description = "The ids of its service accounts."
  type        = list(string)
}

variable "project_roles" {
  description = "By account, its roles in the project, without roles/."
  type        = map(list(string))
}

variable "act_as" {
  description = "By account, those that it may act as."
  type        = map(list(string))
}

variable "serving_bucket" {
  description = "The name of the bucket that servers follow."
  type        = string
}

variable "serving_roles" {
  description = "By account, its roles on that bucket, without roles/."
  type        = map(list(string))
}
