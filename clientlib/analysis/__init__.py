"""One module a question: frames in, a frozen result with named frames out. No files, no plots, no words.

Nothing is imported here, so that a report pays only for the questions that it asks:

- `profile`: who the clients are, as the table says it
- `segments`: who trades how much, how recently; groups that behave alike; who fades away
- `feedback`: what clients think of the service, how long they wait, and where
- `suitability`: what clients hold, matched with what their level permits
- `risk`: what they may lose, and whom to call
- `quality`: whether the records about them are complete, valid, unique and up to date
"""
