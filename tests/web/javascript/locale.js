/** The reader of these tests reads English; imported before what writes numbers. */

Object.defineProperty(globalThis, "navigator", { value: { languages: ["en-GB"] }, configurable: true });
