// A directory that is swapped as Kubernetes swaps volumes: files are links through `..data`, a link that is renamed over.
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A mounted Secret or ConfigMap. */
export class Volume {
  readonly directory: string;
  #generation: number = 0;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** Makes a volume with these files. */
  static async mount(files: Readonly<Record<string, string>>): Promise<Volume> {
    const volume = new Volume(await mkdtemp(join(tmpdir(), "coracle-volume-")));
    await volume.swap(files);
    for (const name of Object.keys(files)) await symlink(join("..data", name), volume.path(name));
    return volume;
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /** Replaces all files at once. */
  async swap(files: Readonly<Record<string, string>>): Promise<void> {
    this.#generation += 1;
    const fresh = `..generation-${this.#generation}`;
    await mkdir(join(this.directory, fresh));
    for (const [name, content] of Object.entries(files))
      await writeFile(join(this.directory, fresh, name), content, { mode: 0o600 });
    const link = join(this.directory, "..data_tmp");
    await symlink(fresh, link);
    await rename(link, join(this.directory, "..data"));
  }

  async unmount(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}
