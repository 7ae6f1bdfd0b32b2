using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Gache.Tool.Playground;

namespace Gache.Tool.Tests.Operate;

/// <summary>A node that answers what it was told to, and writes down what it was asked.</summary>
internal sealed class CannedNode : IDisposable
{
    private readonly HttpListener listener = new();
    private readonly ConcurrentDictionary<string, Func<(int Status, string Body)>> answers = new();
    private readonly ConcurrentQueue<string> changes = new();

    public CannedNode()
    {
        int port = Enumerable.Repeat(0, 100).Select(_ => Random.Shared.Next(20_000, 32_000)).First(PortBlock.IsFree);
        At = $"127.0.0.1:{port}";
        listener.Prefixes.Add($"http://{At}/");
        listener.Start();
        _ = ServeAsync();
    }

    public string At { get; }

    /// <summary>What it was asked to change: method, path and body, in order.</summary>
    public IReadOnlyList<string> Changes => [.. changes];

    /// <summary>Answers <paramref name="request"/>, as in <c>GET /cluster</c>, with what comes next each time, and the last for ever.</summary>
    public CannedNode Answers(string request, int status, params string[] bodies) => Answers(request, [.. bodies.Select(body => (status, body))]);

    /// <summary>As above, with a status each.</summary>
    public CannedNode Answers(string request, params (int Status, string Body)[] each)
    {
        int next = 0;
        return Answers(request, () => each[Math.Min(Interlocked.Increment(ref next) - 1, each.Length - 1)]);
    }

    /// <summary>As above, with what <paramref name="answer"/> makes of it.</summary>
    public CannedNode Answers(string request, Func<(int Status, string Body)> answer)
    {
        answers[request] = answer;
        return this;
    }

    public void Dispose() => listener.Close();

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await listener.GetContextAsync();
            }
            catch (Exception over) when (over is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            using var reader = new StreamReader(context.Request.InputStream, Encoding.UTF8);
            string body = await reader.ReadToEndAsync();
            string request = $"{context.Request.HttpMethod} {context.Request.RawUrl}";
            if (context.Request.HttpMethod != "GET") changes.Enqueue($"{request} {body}");
            (int status, string answer) = answers.TryGetValue(request, out Func<(int, string)>? canned) ? canned() : (404, "");
            context.Response.StatusCode = status;
            await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(answer));
            context.Response.Close();
        }
    }
}
