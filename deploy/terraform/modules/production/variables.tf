variable "project" {
  description = "The project's id."
  type        = string
}

variable "bucket" {
  description = "The bucket that has the pushed models; it is another project's."
  type        = string
}

variable "region" {
  description = "Where the bucket of what is served is."
  type        = string
}

variable "serving_bucket" {
  description = "The name of the bucket that servers follow."
  type        = string
}
