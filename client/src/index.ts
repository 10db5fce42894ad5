/** The door of this package: everything others may use. */
export {};
