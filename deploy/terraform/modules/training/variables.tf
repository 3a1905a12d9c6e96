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

variable "bigquery" {
  description = "Whether models read BigQuery, in this project or paid for by it."
  type        = bool
  default     = false
}
