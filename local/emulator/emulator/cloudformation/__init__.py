"""CloudFormation types and attributes that upstream lacks."""
