/** The file of Fabric's library that holds its end of the stream to a peer; the library gives no types for it. */
declare module 'fabric-shim/lib/handler.js' {
  export const ChaincodeMessageHandler: { readonly prototype: object };
}
