"""Platform certificates (平台证书), for merchants and partners."""
