// A directory laid out and changed as the kubelet does with projected volumes: files are links through `..data`, swapped by one rename.
import { mkdir, mkdtemp, readlink, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Files of a projected volume. */
export class KubernetesVolume {
  readonly directory: string;
  readonly #names: Set<string> = new Set();
  #generation = 0;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** A volume with these files, in a new directory. */
  static async create(files: Readonly<Record<string, string>>): Promise<KubernetesVolume> {
    const volume = new KubernetesVolume(await mkdtemp(join(tmpdir(), "coracle-volume-")));
    await volume.swap(files);
    return volume;
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /** Replaces all files at once. What is new gets its link; the link of what is gone leads nowhere. */
  async swap(files: Readonly<Record<string, string>>): Promise<void> {
    const generation = `..${++this.#generation}`;
    const old = await readlink(this.path("..data")).catch(() => undefined);
    await mkdir(this.path(generation));
    for (const [name, text] of Object.entries(files)) await writeFile(join(this.directory, generation, name), text);
    await symlink(generation, this.path("..data_tmp"));
    await rename(this.path("..data_tmp"), this.path("..data"));
    if (old !== undefined) await rm(this.path(old), { recursive: true });
    for (const name of Object.keys(files)) {
      if (!this.#names.has(name)) await symlink(join("..data", name), this.path(name));
      this.#names.add(name);
    }
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}
