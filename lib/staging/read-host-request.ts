import { hostRoot } from '../directories.ts'
import { readRequest, type Request } from '../generate.ts'
import { podmanVersion } from '../host/podman.ts'

/** Reads what a root asks of the running host. */
export async function readHostRequest(root: string): Promise<Request> {
  return readRequest(root, { hostRoot, podmanVersion: await podmanVersion() })
}
