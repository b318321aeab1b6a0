"""Leaves a stream before its end. A loop that is left does not end its call in grpc.aio: the call goes on, and the
upstream with it, until somebody cancels it."""


async def first_text(stub, request, **options):
    """The first text of an answer, and no more of it."""
    call = stub.StreamChat(request, **options)
    try:
        async for chunk in call:
            if chunk.choices[0].delta.content:
                return chunk.choices[0].delta.content
    finally:
        call.cancel()  # of a call that is over: nothing
    return ""


def first_text_blocking(stub, request, **options):
    """The same with a channel that blocks."""
    call = stub.StreamChat(request, **options)
    try:
        for chunk in call:
            if chunk.choices[0].delta.content:
                return chunk.choices[0].delta.content
    finally:
        call.cancel()
    return ""
