using Gache.Bench.Bare;
using Gache.Bench.Bare.Limit;

switch (args)
{
    case ["refuse", .. string[] ofRefuser]: return Refuser.Run(ofRefuser);
    case ["limit", .. string[] ofLimit]: return LimitServer.Run(ofLimit);
    case ["follow", .. string[] ofFollower]: return Follower.Run(ofFollower);
}

// The yardstick: what ASP.NET Core's minimal API does when an endpoint does nothing. One value in memory, no disk, no replica.
WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
builder.Logging.ClearProviders();
WebApplication app = builder.Build();

byte[] value = new byte[100];
Array.Fill(value, (byte)'x');

app.MapGet("/key/{key}", (HttpContext context) =>
{
    byte[] present = Volatile.Read(ref value);
    context.Response.ContentType = "application/octet-stream";
    context.Response.ContentLength = present.Length;
    return context.Response.Body.WriteAsync(present).AsTask();
});

app.MapPost("/key/{key}", async (HttpContext context) =>
{
    byte[] next = new byte[context.Request.ContentLength ?? 0];
    await context.Request.Body.ReadExactlyAsync(next);
    Volatile.Write(ref value, next);
    context.Response.ContentLength = 0;
});

app.Run();
return 0;
