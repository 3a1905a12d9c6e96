variable "project" {
  description = "The project's id."
  type        = string
}

variable "region" {
  description = "Where the registry and the bucket are."
  type        = string
}

variable "bucket" {
  description = "The bucket's name."
  type        = string
}

variable "serving_bucket" {
  description = "The name of the bucket that servers follow."
  type        = string
}
