variable "project" {
  description = "The project's id."
  type        = string
}

variable "bucket" {
  description = "The bucket that has the pushed models; it is another project's."
  type        = string
}
