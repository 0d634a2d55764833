/**
 * A stack with a name: defences that belong together for a kind of traffic, with the parameters that fit it. A name
 * stands for its members wherever a stack is written, so nothing else needs to know that it was one.
 */

export interface NamedStack {
  /** Equals the file's name, and is no defence's id. */
  id: string;
  title: string;
  /** Why these members and what each is there for; what the stack does not defend. */
  prose: string;
  /** The traffic it is meant for, in a few words. */
  for: string;
  /** Defences joined with `+`, as on the command line. */
  members: string;
  /** By defence and name, where the default does not fit; `--set` is stronger. */
  parameters?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Declares a named stack. A file in `targets/stacks/` exports the result as its default. */
export function defineStack(stack: NamedStack): NamedStack {
  return stack;
}
