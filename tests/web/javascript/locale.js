/** Sets an English locale. Import this before modules that format numbers. */

Object.defineProperty(globalThis, "navigator", { value: { languages: ["en-GB"] }, configurable: true });
