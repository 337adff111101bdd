"""What is fetched next: requests drawn from the ledger, host by host, as politely as each host asks."""
