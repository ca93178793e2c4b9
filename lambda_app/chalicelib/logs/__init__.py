"""Route 53 Resolver's query logs, judged as they arrive in S3: the app's second function.

Imported only by that function, where LOG_BUCKET is set. What an object says is merged into a
state in DynamoDB by minimum, maximum and union alone. So the order of objects does not matter, nor
whether one comes twice or two at once; see state.py.
"""
