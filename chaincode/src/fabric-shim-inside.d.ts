/** The files of Fabric's library that hold its end of the stream to a peer and its reader of arguments; the library gives no types for them. */
declare module 'fabric-shim/lib/handler.js' {
  export const ChaincodeMessageHandler: { readonly prototype: object };
}
declare module 'fabric-shim/lib/contract-spi/datamarshall.js' {
  const DataMarshall: { readonly prototype: object };
  export default DataMarshall;
}
