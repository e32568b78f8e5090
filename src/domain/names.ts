/** Names of orgs, apps and databases. They are labels of rows only: nothing in the runtime is named after them. */
export const NAME_PATTERN = /^[a-z][a-z0-9-]{1,62}$/;

export const NAME_RULE = 'must be 2 to 63 lower-case letters, digits and hyphens, and start with a letter';

export function isName(value: string): boolean {
  return NAME_PATTERN.test(value);
}

/** Ids of rows, as they are generated. None is a name, nor has it a hyphen: `<name>-<id>` can be taken apart. */
export const ID_PATTERN = /^[0-9][0-9a-z]{15}$/;

export function isId(value: string): boolean {
  return ID_PATTERN.test(value);
}
