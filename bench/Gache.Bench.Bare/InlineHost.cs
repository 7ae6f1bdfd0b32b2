namespace Gache.Bench.Bare;

/// <summary>Kestrel with the threads that the server gives it, so that only the work differs.</summary>
internal static class InlineHost
{
    /// <summary>For the sockets of this process; before the first one is made.</summary>
    public static void Prepare() => Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");

    /// <summary>Answers until it is ended.</summary>
    /// <param name="args">Those of the host, as in <c>--urls http://127.0.0.1:8001</c>.</param>
    /// <param name="answer">Must not block.</param>
    /// <returns>The process's exit code.</returns>
    public static int Run(string[] args, RequestDelegate answer)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(args);
        builder.Logging.ClearProviders();
        builder.WebHost.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        WebApplication app = builder.Build();
        app.Run(answer);
        app.Run();
        return 0;
    }
}
