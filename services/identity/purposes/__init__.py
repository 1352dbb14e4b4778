"""What departments may receive, and for which purpose (利用目的)."""
