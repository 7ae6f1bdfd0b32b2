using Gache.Server.Hosting;
using Gache.Server.Http;

Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
using var log = LoggerFactory.Create(_ => { });
await using ApiHost host = await ApiHost.StartAsync(new ApiSettings { AdvertisedApi = "127.0.0.1:8000" }, [], 8000, log);
await Task.Delay(-1);
return 0;
