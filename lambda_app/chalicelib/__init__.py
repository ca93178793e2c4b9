"""The modules that the Lambda adds to the library: HTTP, DNS logs in S3, and the page."""
