"""Score the clients in Route 53 Resolver's query logs as the logs arrive in S3.

Imported only by the two functions that exist where LOG_BUCKET is set. What an object says is
merged into a state in DynamoDB by minimum, maximum and union. So the order of the objects does
not matter, nor whether one comes twice, or two at once.
"""
