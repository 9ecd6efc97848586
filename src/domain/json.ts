/** What can be stored: plain JSON, no `undefined` inside arrays, no dates, no class instances. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json | undefined };
