"""What `config.yaml` and `targets.yaml` may say, reading them, and what is checked beforehand."""
