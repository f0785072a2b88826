"""What watches over the platform: alerts for Prometheus, a board for Grafana."""
