// The pure side of the laboratory of hosts: names and addresses, command lines, echo messages, device news.
export * from "./echo.ts";
export * from "./host-plan.ts";
export * from "./link-news.ts";
