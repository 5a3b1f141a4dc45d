import * as z from 'zod';

/**
 * A function's configuration, read from its environment when first asked for, never on import. The
 * keys of the schema are exactly the variables that the infrastructure sets; a test compares them.
 */
export function settings<Shape extends z.ZodRawShape>(shape: Shape) {
  const schema = z.object(shape);
  let value: z.infer<typeof schema> | undefined;
  return {
    keys: Object.keys(shape),
    read(): z.infer<typeof schema> {
      value ??= schema.parse(process.env);
      return value;
    },
  };
}
