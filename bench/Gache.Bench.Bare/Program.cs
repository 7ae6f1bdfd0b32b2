using Gache.Bench.Bare;

if (args is ["refuse", .. string[] rest]) return Refuser.Run(rest);

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
