"""What a peer tells of its own procedures, by server reflection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import grpc
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse

from conformance.clients.descriptions import mended
from schemas.protobuf import Codec

__all__ = ["peer_codec"]

_SERVICES = ("grpc.reflection.v1alpha.ServerReflection", "grpc.reflection.v1.ServerReflection")
"""The two say the same in the same bytes."""

_MOST_FILES = 200


async def peer_codec(
    channel: grpc.aio.Channel,
    symbols: Sequence[str],
    metadata: Sequence[tuple[str, str]],
    within: float,
) -> Codec | None:
    """The messages behind these services, as the peer describes them; `None` where it tells
    nothing of them, or nonsense. `within` is in seconds.
    """
    for service in _SERVICES:
        try:
            files = await _files(channel, service, symbols, metadata, within)
            return _codec(files) if files else None
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.UNIMPLEMENTED:
                return None
        except (TypeError, KeyError, ValueError):
            return None  # files that don't belong together
    return None


async def _files(
    channel: grpc.aio.Channel,
    service: str,
    symbols: Sequence[str],
    metadata: Sequence[tuple[str, str]],
    within: float,
) -> dict[str, FileDescriptorProto]:
    ask = channel.stream_stream(
        f"/{service}/ServerReflectionInfo",
        request_serializer=ServerReflectionRequest.SerializeToString,
        response_deserializer=ServerReflectionResponse.FromString,
    )
    call = ask(metadata=metadata, timeout=within)
    wanted = [ServerReflectionRequest(file_containing_symbol=symbol) for symbol in symbols]
    files: dict[str, FileDescriptorProto] = {}
    while wanted and len(files) < _MOST_FILES:
        await call.write(wanted.pop(0))
        said = await call.read()
        if not isinstance(said, ServerReflectionResponse):
            break
        for data in said.file_descriptor_response.file_descriptor_proto:
            file = FileDescriptorProto.FromString(data)
            files[file.name] = file
            wanted += [
                ServerReflectionRequest(file_by_filename=name)
                for name in file.dependency
                if name not in files
            ]
    await call.done_writing()
    call.cancel()
    return files


def _codec(files: Mapping[str, FileDescriptorProto]) -> Codec:
    """Raises `TypeError` or `KeyError` for files that don't belong together, mended or not."""
    try:
        return Codec(_in_order(files))
    except (TypeError, KeyError):
        again = {file.name: file for file in mended(files.values())}
        return Codec(_in_order(again))


def _in_order(files: Mapping[str, FileDescriptorProto]) -> list[FileDescriptorProto]:
    """Each after what it imports. Raises `KeyError` where an import is missing."""
    ordered: dict[str, FileDescriptorProto] = {}

    def take(name: str, above: tuple[str, ...] = ()) -> None:
        if name in ordered or name in above:
            return
        for needed in files[name].dependency:
            take(needed, (*above, name))
        ordered[name] = files[name]

    for name in files:
        take(name)
    return list(ordered.values())
