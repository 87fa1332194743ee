"""What is checked of each step, whoever judges its findings, and the report as evidence."""
