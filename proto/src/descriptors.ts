import { readFile } from "node:fs/promises";
import { BinaryReader } from "@bufbuild/protobuf/wire";

/**
 * The serialized `FileDescriptorProto`s of the whole contract, health service
 * included, for gRPC reflection. They are buf's own: descriptors that
 * proto-loader rewrites are not understood by `buf curl`.
 */
export async function fileDescriptors(): Promise<Buffer[]> {
  const set = await readFile(new URL("../descriptor.binpb", import.meta.url));
  const reader = new BinaryReader(set);
  const files: Buffer[] = [];
  while (reader.pos < reader.len) {
    reader.uint32();
    files.push(Buffer.from(reader.bytes()));
  }
  return files;
}
